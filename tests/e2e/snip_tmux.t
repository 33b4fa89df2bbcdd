#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Goal of this test: what docs/AGENTS.md says of tmux holds in a real one: new panes get the socket, an agent in a window
# is on its seat with `handseal watch` beside it, and one that calls tmux reaches past its seat unless it has a server of
# its own.
test_description='the page on tmux'
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/snip.sh"
command -v tmux >/dev/null || hs_skip "tmux is not installed"
hs_ns "$0" "$@"
hs_init "$@"

mine="TMUX_TMPDIR=$home/tmux TMPDIR=$home/tmp"
said() { hs_wait_for "grep -qs -e '$2' '$home/$1'" 15 || { cat "$home/$1" && false; }; } # said FILE TEXT
screen() { hs_wait_for "me tmux capture-pane -p -t $1 | grep -e '$2'" 15 || { me tmux capture-pane -p -t $1 && false; }; } # screen PANE TEXT
ends() { pkill -u $me tmux; hs_wait_for "! pgrep -u $me tmux >/dev/null" 10; }

test_expect_success 'a person, a daemon, a session' '
	person && my_daemon && opened && mkdir "$home/tmux" "$home/tmp" && owned "$home/tmux" "$home/tmp" && me tmux -V
'
test_expect_success 'new panes have the socket of who attached last' '
	pane() { rm -f "$home/has" && me tmux new-session -d -s one && HANDSEAL_SOCK=x && mine="$mine HANDSEAL_SOCK=$home/later" && me tmux new-session -d -s two && me tmux new-window -d -t two: "echo \"it is \$HANDSEAL_SOCK\" >has" &&
		mine="${mine% *}" && said has "it is" && ends; } &&
	pane && grep -x "it is " "$home/has" && block tmux.conf >"$home/.tmux.conf" && owned "$home/.tmux.conf" && pane && grep -x "it is $home/later" "$home/has"
'
test_expect_success 'an agent in a window is on its seat, with watch beside it' '
	agent claude "ssh deploy@web1.example.com id -un >who" "handseal status >status" "exec sleep 100" && block tmux >block && me sh <block && said who deploy && said status "^seat " &&
	screen work:claude.0 "seat .* for claude until" && screen work:claude.1 "No asking waits\|Nothing waits\|nothing" && handseal_() { me handseal list >out && grep claude out; } && handseal_ && ends &&
	hs_wait_for "! handseal_" 10
'
test_expect_success 'an agent that calls tmux reaches the person'\''s, past its seat; with a server of its own it does not' '
	agent claude "tmux new-window -d \"handseal status >status; exec sleep 100\" || tmux new-session -d \"handseal status >status; exec sleep 100\"" "while ! test -s status; do sleep 0.05; done" &&
	me tmux new-session -d -s mine && rm "$home/status" && me handseal run --scope web --agent claude -- claude && said status "^open" && ! grep "^seat" "$home/status" && me tmux list-windows >out && test "$(grep -c . out)" = 2 &&
	rm "$home/status" && block tmux-own >block && me sh <block && said status "^seat " && me tmux list-windows >out && test "$(grep -c . out)" = 2 && ends
'
hs_done
