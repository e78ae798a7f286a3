"""The organisation: institutions, committees, offices, departments, wards, groups; people and posts; with history."""
