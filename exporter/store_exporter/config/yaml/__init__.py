"""YAML read with the line of every entry, and problems told in words that say where and what."""
