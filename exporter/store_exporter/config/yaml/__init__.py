"""YAML read with the line of every entry, and problems with their place and what to do."""
