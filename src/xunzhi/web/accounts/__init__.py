"""Accounts: signing in, roles, second factor, lockout, break-glass."""
