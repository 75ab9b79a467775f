# docker build -t gaps .                          CPU
# docker build -t gaps --build-arg TENSORFLOW=gpu .   GPU: run it with --gpus all
# docker run -v $PWD/runs:/gaps/runs gaps         what `make demo` makes, in ./runs
# docker run -v $PWD/runs:/gaps/runs gaps .venv/bin/python -m stylegan2.train --help
FROM python:3.11-slim
ARG TENSORFLOW=cpu
ENV TENSORFLOW=$TENSORFLOW GAPS_CACHE=/gaps/cache
# g++ compiles the custom operations, once.
RUN apt-get update && apt-get install -y --no-install-recommends make g++ \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /gaps
COPY . .
RUN make .venv/installed && .venv/bin/python -m training.native.build
CMD ["make", "demo"]
