"""Guests in pages of a browser that Python starts and drives with Playwright."""
