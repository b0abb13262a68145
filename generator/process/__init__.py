"""The generator process: its inbox, its warm-up, and the pipeline that takes a job from request to files."""
