"""Prints what libtorrent sees in a torrent, as one JSON object: TORRENT."""

import json
import sys

try:
    import libtorrent
except ImportError:
    sys.exit("no libtorrent for Python: install the package python3-libtorrent")

info = libtorrent.torrent_info(sys.argv[1])
storage = info.files()
tiers = {}
for tracker in info.trackers():
    tiers.setdefault(tracker.tier, []).append(tracker.url)
print(json.dumps({
    "infoHash": str(info.info_hashes().v1),
    "name": info.name(),
    "totalLength": info.total_size(),
    "pieceLength": info.piece_length(),
    "pieceCount": info.num_pieces(),
    "private": info.priv(),
    "files": [
        {"path": storage.file_path(index), "length": storage.file_size(index)}
        for index in range(info.num_files())
    ],
    "trackers": [sorted(tiers[tier]) for tier in sorted(tiers)],
    "webSeeds": sorted(seed["url"] for seed in info.web_seeds()),
    "comment": info.comment(),
    "createdBy": info.creator(),
    "creationDate": info.creation_date(),
}))
