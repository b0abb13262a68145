"""Discord's side of the bot: slash commands, buttons, and how tunes are posted.

Inside this package `import discord` is the library. What happens between a command and a post is the backlog's.
"""
