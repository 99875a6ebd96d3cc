"""YAML and JSON documents, read so that every mistake says where it stands."""
