"""Xunzhi (循质): hospital quality management."""
