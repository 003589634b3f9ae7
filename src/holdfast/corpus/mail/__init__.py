"""Mails and tickets as documents: what somebody wrote, without what a mail client put around it."""
