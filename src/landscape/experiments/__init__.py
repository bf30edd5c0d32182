"""The experiments: which runs exist (one file a part), their settings, how they are executed."""
