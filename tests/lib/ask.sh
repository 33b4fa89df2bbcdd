# SPDX-License-Identifier: ISC
#
# What the tests of askings share, behind e2e.sh and before hs_ns: a policy, a daemon under it, somebody
# who watches, and requests that wait in the background. It states no test.

# policy LINE...: that is the policy, in force as soon as there is a daemon
policy() {
	mkdir -p "$XDG_CONFIG_HOME/handseal" && printf '%s\n' "$@" >"$XDG_CONFIG_HOME/handseal/policy" &&
		{ ! hs_alive handseald || handseal policy reload >reloaded 2>&1 || { cat reloaded && false; }; }
}
# daemon [SETTING...]: a daemon, started anew, with these in its environment
daemon() {
	HANDSEAL_SOCK=$HS_TMP/run/a.sock
	export HANDSEAL_SOCK
	hs_stop watcher && hs_stop handseald && rm -f "$HS_TMP/handseald.log" &&
		hs_spawn handseald env "$@" "$HS_BIN/handseald" -D -a "$HANDSEAL_SOCK" &&
		hs_wait_for "grep -qs 'serving on' $HS_TMP/handseald.log || ! hs_alive handseald" 10 &&
		hs_alive handseald || { cat "$HS_TMP/handseald.log" && false; }
}
# watched: somebody shows prompts to a person; unwatched: nobody does
watched() {
	hs_alive watcher || { rm -f "$HS_TMP/watcher.log" && hs_spawn watcher eventctl follow 1 &&
		hs_wait_for "grep -qs '^last' $HS_TMP/watcher.log" 10; }
}
unwatched() { hs_stop watcher; }
# ask NAME ARG...: `handseal request` in the background; what it waits for in $code
ask() {
	ask_=$1
	shift
	rm -f "$HS_TMP/$ask_.log"
	hs_spawn "$ask_" handseal request "$@" &&
		hs_wait_for "grep -qs 'waits for a touch' $HS_TMP/$ask_.log || ! hs_alive $ask_" 10 &&
		code=$(sed -n 's/^handseal: \([2-9A-Z]*\) waits for a touch.*/\1/p' "$HS_TMP/$ask_.log" | head -n 1) &&
		test -n "$code" || { cat "$HS_TMP/$ask_.log" && false; }
}
# ends NAME STATUS TEXT: how that request ended, and what it said
ends() {
	hs_wait "$1" 20 && test "$HS_STATUS" = "$2" && grep -q -e "$3" "$HS_TMP/$1.log" ||
		{ echo "# status $HS_STATUS" && cat "$HS_TMP/$1.log" && false; }
}
# refused CODE ARG...: `handseal request` is refused at once, for that reason
refused() {
	refused_=$1
	shift
	refused_status=0
	timeout 20 handseal request --json "$@" >out 2>err </dev/null || refused_status=$?
	test $refused_status = $(test $refused_ = no-session && echo 5 || echo 3) && grep -q "\"code\": *\"$refused_\"" out || { cat out err && false; }
}
# touched NAME: it waits for a touch, gets one, and is done
touched() { hs_softkey blue wait 10 && hs_softkey blue touch && ends "$1" 0 ""; }
# state CODE WORD: how that asking waits: asked, armed or parked
state() { hs_wait_for "eventctl events 0 0 0 | grep -q '	$2	$1	'" 10; }
# recorded CODE EVENT TEXT: the log has that event of that asking
recorded() { hs_wait_for "grep '\"event\":\"$2\"' $log | grep '\"ask\":\"$1\"' | grep -q -e '$3'" 10; }
# noted TEXT: the log has a record that holds it; what no answer waits for comes there when it comes
noted() {
	noted_=$1
	hs_wait_for 'grep -q -e "$noted_" "$log"' 10 || { tail -n 3 "$log" && false; }
}
log=
