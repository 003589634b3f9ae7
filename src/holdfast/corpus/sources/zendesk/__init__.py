"""Zendesk as a source: its Help Center and its tickets as a feed, and pages of its API that somebody saved.

Knows nothing of what becomes of the documents.
"""

from __future__ import annotations

from holdfast.corpus.sources.zendesk.exported import Tree as Tree
from holdfast.corpus.sources.zendesk.exported import article as article
from holdfast.corpus.sources.zendesk.exported import is_article as is_article
from holdfast.corpus.sources.zendesk.exported import is_page as is_page
from holdfast.corpus.sources.zendesk.exported import is_ticket as is_ticket
from holdfast.corpus.sources.zendesk.exported import ticket as ticket
