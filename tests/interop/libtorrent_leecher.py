"""Downloads with libtorrent until everything is there. usage: TORRENT FOLDER HOST PORT"""
import sys
import time

import libtorrent as lt

torrent_path, folder, host, port = sys.argv[1:5]
session = lt.session({
    "listen_interfaces": f"{host}:{port}",
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
})
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent_path)
parameters.save_path = folder
torrent = session.add_torrent(parameters)
while not torrent.status().is_seeding:
    time.sleep(0.05)
session.pause()
