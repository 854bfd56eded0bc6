"""The rules: values in, values out; no Twisted, no clock, no files."""
