#!/usr/bin/env bash
# Installs by apt-get the programs that some tests use and npm can't bring. Tests whose program is missing are skipped and
# named, so nothing here is needed for a green run: every way that does not work says so in one line and exits 0.
#
#   redis-tools        a Redis server (redis-check-rdb is the same binary) without the package's service on port 6379
#   postgresql-client  psql, whose \copy is the yardstick for documents
#   chromium           a browser for the browser tests
#   docker-compose     checks docker-compose.yml
#   radosgw, ceph-...  Ceph with its S3 gateway, which tests start in memory: a real object store
#   faketime           moves the clock of a Postgres under the scheduler
#   libreoffice-...    opens the workbooks that XLSX reports write (90 MB to load, 270 MB on disk)
#   poppler-utils      pdftotext, which finds the words of a PDF by itself
#   prometheus         promtool alone, which checks what /metrics says: the package as a whole would start a server
set -uo pipefail

# program on PATH:package
wanted=(redis-check-rdb:redis-tools psql:postgresql-client chromium:chromium docker-compose:docker-compose promtool:prometheus faketime:faketime
  soffice:libreoffice-calc-nogui pdftotext:poppler-utils ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw ceph:ceph-common)

missing=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -eq 0 ]; then
  echo 'outside programs: all there'
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "outside programs: no apt-get here, so without ${missing[*]}: their tests are skipped"
  exit 0
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  else
    echo "outside programs: neither root nor passwordless sudo, so without ${missing[*]}: their tests are skipped"
    exit 0
  fi
fi

apt() {
  timeout 300 "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
    -o DPkg::Lock::Timeout=60 "$@" </dev/null >/dev/null 2>&1
}

# One program out of its package; in a shell of its own, for the directory.
install_promtool() (
  directory=$(mktemp -d) && trap 'rm -rf "$directory"' EXIT && chmod 755 "$directory" && cd "$directory" || exit 1
  timeout 300 apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=20 download -qq prometheus </dev/null >/dev/null 2>&1 || exit 1
  dpkg-deb --fsys-tarfile ./*.deb | tar -x ./usr/bin/promtool && "${as_root[@]}" install -m 755 usr/bin/promtool /usr/local/bin/promtool
)

echo "outside programs: apt-get install ${missing[*]}"
apt update -qq || echo 'outside programs: apt-get update did not work; trying with the lists that are there'
for package in "${missing[@]}"; do
  if [ "$package" = prometheus ]; then install_promtool; else apt install -y -qq --no-install-recommends "$package"; fi || echo "outside programs: $package could not be installed: its tests are skipped"
done
exit 0
