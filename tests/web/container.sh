#!/bin/sh
# Runs a command as compose.yaml lets a container run, with the tools of the kernel:
# a file system of its own that is read-only, the store mounted as said, another
# user, no capabilities. It is started in the namespaces that the command lives in.
#
#   container.sh ROOT APP STORE ro|rw PYTHON COMMAND…
set -eu
root=$1 app=$2 store=$3 mode=$4 python=$5
shift 5

bind() { # bind FROM TO ro|rw
    mount --bind "$1" "$2"
    mount -o "remount,bind,nosuid,$3" "$2"
}

mount -t tmpfs -o mode=755 root "$root"
for name in bin sbin lib lib64 usr etc; do
    if [ -L "/$name" ]; then
        cp -P "/$name" "$root/$name"
    elif [ -d "/$name" ]; then
        mkdir "$root/$name" && bind "/$name" "$root/$name" ro
    fi
done
mkdir -p "$root$python" "$root/app" "$root/data" "$root/tmp" "$root/proc" "$root/dev"
bind "$python" "$root$python" ro
bind "$app" "$root/app" ro
bind "$store" "$root/data" "$mode"
mount -t tmpfs -o mode=1777,size=64m tmp "$root/tmp"
mount -t proc proc "$root/proc"
for name in null zero random urandom; do
    : >"$root/dev/$name" && mount --bind "/dev/$name" "$root/dev/$name"
done
mount -o remount,ro "$root"

exec chroot "$root" setpriv --reuid=10001 --regid=10001 --clear-groups \
    --bounding-set=-all --inh-caps=-all --no-new-privs env --chdir=/app "$@"
