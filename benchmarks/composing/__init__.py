"""What the model composes: control, originality, remixes, accompaniments, and how it is trained."""
