# The generator with its model, FluidSynth and ffmpeg: the command line by itself, and what the bot's image builds on.
#   docker build -f docker/generator.Dockerfile -t chiptune-generator .
#   docker run --rm -v "$PWD/tunes:/data" chiptune-generator generate --seconds 30 --out /data
FROM debian:12-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Where pip finds the CPU build of torch; see README.md.
ARG PIP_EXTRA_INDEX_URL=
COPY pyproject.toml requirements.lock README.md ./
COPY docker/install.sh docker/install.sh
COPY bot bot
COPY generator generator
COPY models models
RUN docker/install.sh generator
RUN useradd --create-home chiptune && install -d -o chiptune /data
USER chiptune
VOLUME /data
ENTRYPOINT [".venv/bin/chiptune"]
