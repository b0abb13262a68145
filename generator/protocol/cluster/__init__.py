"""Generators on several machines: a queue in NATS JetStream that the bot fills and workers empty."""
