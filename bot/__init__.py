"""The user-facing side: Discord, the web page, the queue, history and votes.

It imports only `generator.protocol` of the generator, so that it starts fast and never loads the model.
"""
