"""Filters of the log's page."""
