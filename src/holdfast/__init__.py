"""Holdfast: takes an AI feature from demo to production and keeps it there."""
