# SPDX-License-Identifier: ISC
#
# What the tests of `handseal run` share, behind e2e.sh and cli.sh, in the private world: deploy is the
# person and runs the agent, with an ssh-agent that holds the seat's key, behind a daemon that gives
# seats (seat-agent). It states no test.
#
#	run_setup                   deploy's folder, key and agent; deploy's own keys are not made
#	seats HOW                   the daemon, anew: HANDSEAL_SOCK is $sock
#	as CMD...                   as deploy, with that daemon
#	run CMD...                  as deploy, `handseal run` CMD for agent claude; $opts are options
#	background NAME CMD...      the same in the background, until it has said "started"; we are $pid
#	ends NAME STATUS            it ends so
#	forget, asked PATTERN       the daemon was asked that, or saw it, since
#	leaves_nothing              no folder of a seat is left

d=
opts=
as_deploy='setpriv --reuid=deploy --regid=deploy --clear-groups' # hs_as as a program, which can be stopped
what='--user other --host * --cmd *'

run_setup() {
	d=$HS_TMP/d sock=$HS_TMP/d/a.sock
	mkdir "$d" && mkdir -m 700 "$d/run" "$HS_HOME_deploy/.ssh" && ssh-keygen -q -t ed25519 -N "" -C seat -f "$d/seat" &&
		chown -R deploy:deploy "$d" "$HS_HOME_deploy" &&
		hs_spawn keys $as_deploy ssh-agent -D -a "$d/key.sock" &&
		hs_wait_for "[ -S $d/key.sock ]" 10 && SSH_AUTH_SOCK=$d/key.sock hs_as deploy ssh-add -q "$d/seat" && cd "$d"
}
seats() {
	hs_stop seats && rm -f "$sock" "$sock".* &&
		hs_spawn seats $as_deploy "$HS_SRC/tests/lib/seat-agent" "$sock" "$1" "$d/key.sock" &&
		hs_wait_for "grep -qs ready '$HS_TMP/seats.log' || ! hs_alive seats" 10 && hs_alive seats
}
as() { hs_as deploy env HOME="$HS_HOME_deploy" XDG_RUNTIME_DIR="$d/run" HANDSEAL_SOCK="$sock" "$@"; }
run() { set -f && as timeout 60 handseal run $what $opts --agent claude -- "$@"; run_=$?; set +f; return $run_; }
background() {
	background_=$1
	shift
	set -f
	hs_spawn "$background_" $as_deploy env --default-signal=INT,QUIT HOME="$HS_HOME_deploy" XDG_RUNTIME_DIR="$d/run" \
		HANDSEAL_SOCK="$sock" "$HS_BIN/handseal" run $what $opts --agent claude -- "$@"
	set +f
	pid=$(hs_pid "$background_") && hs_wait_for "grep -qs started '$HS_TMP/$background_.log'" 10 ||
		{ cat "$HS_TMP/$background_.log" && false; }
}
ends() { hs_wait "$1" 15 && test "$HS_STATUS" = "$2" || { echo "# $HS_STATUS" && cat "$HS_TMP/$1.log" && false; }; }
forget() { hs_as deploy sh -c ': >"$1"' sh "$sock.asked"; }
asked() { hs_wait_for "grep -a -s -q -e '$1' '$sock.asked'" 10 || { cat "$sock.asked" && false; }; }
leaves_nothing() { test -z "$(ls -d "$d"/run/handseal-run.* 2>/dev/null)"; }
