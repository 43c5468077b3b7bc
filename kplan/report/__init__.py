"""Reports draw values (Plan, Findings) and never compute. One module a format."""
