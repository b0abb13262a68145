"""The people's side: Discord, the local web channel, the backlog, history and votes.

Imports only the generator's contract and client, so that it starts fast and never loads the model.
"""
