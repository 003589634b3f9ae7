"""The rows of a help center as the API gives them, field by field. Knows nothing of who may see them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Category(Struct, kw_only=True):
    """The first level of a brand's help center."""

    id: int
    brand_id: int
    name: str
    description: str = ""
    locale: str = "en-us"
    source_locale: str = "en-us"
    position: int = 0
    outdated: bool = False
    url: str = ""
    html_url: str = ""
    created_at: str = ""
    updated_at: str = ""


class Section(Struct, kw_only=True):
    """`parent_section_id` nests it in another section of the same category."""

    id: int
    category_id: int
    name: str
    parent_section_id: int | None = None
    description: str = ""
    locale: str = "en-us"
    source_locale: str = "en-us"
    position: int = 0
    sorting: str = "manual"
    outdated: bool = False
    theme_template: str = "section_page"
    url: str = ""
    html_url: str = ""
    created_at: str = ""
    updated_at: str = ""


class Article(Struct, kw_only=True):
    """`title`, `body`, `locale` and `draft` are those of one translation; which one depends on how it was asked for."""

    id: int
    section_id: int
    author_id: int
    title: str = ""
    name: str = ""
    body: str | None = None
    locale: str = "en-us"
    source_locale: str = "en-us"
    draft: bool = False
    outdated: bool = False
    outdated_locales: list[str] = []
    promoted: bool = False
    position: int = 0
    label_names: list[str] = []
    content_tag_ids: list[str] = []
    comments_disabled: bool = False
    user_segment_id: int | None = None
    user_segment_ids: list[int] = []
    permission_group_id: int = 1
    vote_sum: int = 0
    vote_count: int = 0
    url: str = ""
    html_url: str = ""
    created_at: str = ""
    updated_at: str = ""
    edited_at: str = ""


class Translation(Struct, kw_only=True):
    """An article's words in one locale."""

    id: int
    source_id: int
    locale: str
    title: str
    body: str | None
    source_type: Literal["Article"] = "Article"
    draft: bool = False
    hidden: bool = False
    outdated: bool = False
    url: str = ""
    html_url: str = ""
    created_by_id: int = 0
    updated_by_id: int = 0
    created_at: str = ""
    updated_at: str = ""


class UserSegment(Struct, kw_only=True):
    """Who may see an article: everybody who is signed in, or staff; of them, who has these organizations and tags."""

    id: int
    name: str
    user_type: Literal["signed_in_users", "staff"]
    built_in: bool = False
    group_ids: list[int] = []
    organization_ids: list[int] = []
    tags: list[str] = []
    or_tags: list[str] = []
    added_user_ids: list[int] = []
    created_at: str = ""
    updated_at: str = ""


class ArticleAttachment(Struct, kw_only=True):
    """A file of an article. `content_url` leads to the server that was asked."""

    id: int
    article_id: int
    file_name: str
    content_type: str
    size: int
    inline: bool = False
    locale: str | None = None
    content_url: str = ""
    relative_path: str = ""
    url: str = ""
    created_at: str = ""
    updated_at: str = ""


class Brand(Struct, kw_only=True):
    """A brand with a help center on a host of its own. `brand_url` leads to where the simulated server serves it."""

    id: int
    name: str
    subdomain: str
    active: bool = True
    default: bool = False
    has_help_center: bool = True
    help_center_state: Literal["enabled", "disabled", "restricted"] = "enabled"
    host_mapping: str | None = None
    is_deleted: bool = False
    ticket_form_ids: list[int] = []
    brand_url: str = ""
    url: str = ""
    created_at: str = ""
    updated_at: str = ""
