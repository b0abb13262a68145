# The bot: Discord, the local page and the backlog, with the generator as its child process.
#   docker compose -f docker/compose.yaml up
FROM chiptune-generator
USER root
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends libopus0 && rm -rf /var/lib/apt/lists/*
RUN docker/install.sh bot,generator
USER chiptune
# Inside a container the page has to listen to more than the container itself; compose.yaml opens it to this host only.
ENV CHIPTUNE_HOST=0.0.0.0 CHIPTUNE_DATA_DIR=/data
EXPOSE 8000
ENTRYPOINT [".venv/bin/python", "-m", "bot"]
