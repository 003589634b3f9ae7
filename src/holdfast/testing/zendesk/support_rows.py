"""The rows of Support as the API gives them, field by field. Knows nothing of who may see them, or of paging."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from holdfast.messages import Json

Status = Literal["new", "open", "pending", "hold", "solved", "closed", "deleted"]


class User(Struct, kw_only=True):
    """Somebody who asks or answers. Not `active`: deleted, or merged into another."""

    id: int
    name: str
    email: str | None
    role: Literal["end-user", "agent", "admin"] = "end-user"
    active: bool = True
    suspended: bool = False
    verified: bool = True
    shared: bool = False
    organization_id: int | None = None
    default_group_id: int | None = None
    external_id: str | None = None
    phone: str | None = None
    alias: str | None = None
    notes: str | None = None
    details: str | None = None
    signature: str | None = None
    locale: str = "en-US"
    time_zone: str = "UTC"
    tags: list[str] = []
    user_fields: dict[str, Json] = {}
    url: str = ""
    created_at: str = ""
    updated_at: str = ""


class Organization(Struct, kw_only=True):
    """What users belong to, and segments may go by."""

    id: int
    name: str
    domain_names: list[str] = []
    details: str | None = None
    notes: str | None = None
    group_id: int | None = None
    external_id: str | None = None
    shared_tickets: bool = False
    shared_comments: bool = False
    tags: list[str] = []
    organization_fields: dict[str, Json] = {}
    url: str = ""
    created_at: str = ""
    updated_at: str = ""
    deleted_at: str | None = None


class Group(Struct, kw_only=True):
    """What agents belong to."""

    id: int
    name: str
    description: str = ""
    default: bool = False
    deleted: bool = False
    is_public: bool = True
    url: str = ""
    created_at: str = ""
    updated_at: str = ""


class FieldOption(Struct, kw_only=True):
    id: int
    name: str
    value: str
    raw_name: str = ""
    default: bool = False


class TicketField(Struct, kw_only=True):
    """`custom_field_options` says which words stand for a value; their `raw_name` may hold a placeholder."""

    id: int
    type: str
    title: str
    raw_title: str = ""
    description: str = ""
    active: bool = True
    required: bool = False
    removable: bool = True
    tag: str | None = None
    position: int = 0
    custom_field_options: list[FieldOption] | None = None
    url: str = ""
    created_at: str = ""
    updated_at: str = ""


class DynamicText(Struct, kw_only=True):
    id: int
    locale_id: int
    content: str
    default: bool
    active: bool = True
    outdated: bool = False


class DynamicItem(Struct, kw_only=True):
    """Dynamic content: what a `{{dc.…}}` placeholder stands for, by locale."""

    id: int
    name: str
    placeholder: str
    default_locale_id: int
    outdated: bool = False
    texts: list[DynamicText] = field(name="variants", default_factory=list)
    url: str = ""
    created_at: str = ""
    updated_at: str = ""


class CustomValue(Struct, kw_only=True):
    id: int
    value: str | bool | int | float | list[str] | None = None


class Rating(Struct, kw_only=True):
    id: int
    score: str
    comment: str | None = None


class Ticket(Struct, kw_only=True):
    """`fields` says again what `custom_fields` says. `satisfaction_rating` is a string in old exports."""

    id: int
    requester_id: int
    submitter_id: int
    subject: str | None = None
    raw_subject: str | None = None
    description: str = ""
    status: Status = "open"
    priority: str | None = None
    type: str | None = None
    tags: list[str] = []
    via: dict[str, Json] = {}
    external_id: str | None = None
    recipient: str | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    group_id: int | None = None
    brand_id: int | None = None
    ticket_form_id: int | None = None
    problem_id: int | None = None
    has_incidents: bool = False
    is_public: bool = True
    forum_topic_id: int | None = None
    collaborator_ids: list[int] = []
    follower_ids: list[int] = []
    email_cc_ids: list[int] = []
    followup_ids: list[int] = []
    sharing_agreement_ids: list[int] = []
    satisfaction_rating: Rating | str | None = None
    custom_fields: list[CustomValue] = []
    fields: list[CustomValue] = []
    allow_channelback: bool = False
    allow_attachments: bool = True
    from_messaging_channel: bool = False
    due_at: str | None = None
    url: str = ""
    created_at: str = ""
    updated_at: str = ""
    generated_timestamp: int = 0


class Attachment(Struct, kw_only=True):
    """A file of a comment. `malware_scan_result` is `malware_found` where a scan found some."""

    id: int
    file_name: str
    content_type: str
    size: int
    content_url: str = ""
    mapped_content_url: str = ""
    inline: bool = False
    deleted: bool = False
    malware_access_override: bool = False
    malware_scan_result: str = "malware_not_found"
    thumbnails: list[Json] = []
    url: str = ""


class Comment(Struct, kw_only=True):
    """What somebody wrote on a ticket; not `public`: an internal note. `author_id` -1 is the system."""

    id: int
    author_id: int
    body: str
    html_body: str
    plain_body: str
    public: bool = True
    type: Literal["Comment", "VoiceComment"] = "Comment"
    audit_id: int = 0
    attachments: list[Attachment] = []
    via: dict[str, Json] = {}
    metadata: dict[str, Json] = {}
    data: dict[str, Json] | None = None
    created_at: str = ""


class Event(Struct, kw_only=True):
    """Something that happened on a ticket, as kept: `comment` is what was written, `changes` the other child events."""

    id: int
    ticket_id: int
    at_s: int
    updater_id: int
    via: str = "Web"
    comment: Comment | None = None
    changes: list[dict[str, Json]] = []


class SideMessage(Struct, kw_only=True):
    subject: str
    body: str
    html_body: str
    to: list[dict[str, Json]] = []


class SideConversation(Struct, kw_only=True):
    """Mail that an agent exchanged with somebody else about a ticket."""

    id: str
    ticket_id: int
    subject: str
    preview_text: str
    state: str = "open"
    participants: list[dict[str, Json]] = []
    messages: list[SideMessage] = []
    url: str = ""
    created_at: str = ""
    updated_at: str = ""
    message_added_at: str = ""
