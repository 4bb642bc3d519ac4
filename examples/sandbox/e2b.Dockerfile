# A template for E2B: `e2b template build` with this file and mount-bucket.sh beside it.
FROM e2bdev/code-interpreter:latest

COPY pailfs_*.deb /tmp/
RUN DEBIAN_FRONTEND=noninteractive apt-get update && apt-get install -y /tmp/pailfs_*.deb && rm -rf /var/lib/apt/lists/*
RUN sed -i 's/#user_allow_other/user_allow_other/' /etc/fuse.conf
COPY mount-bucket.sh /usr/local/bin/mount-bucket
RUN chmod 755 /usr/local/bin/mount-bucket && mkdir -p /mnt/bucket && chown user:user /mnt/bucket
