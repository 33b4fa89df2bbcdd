# SPDX-License-Identifier: ISC
#
# What tests of promises share that are a time, behind e2e.sh and hs_init. A machine that is busy holds up whatever
# runs on it, so a program that does next to nothing measures by how much: that is no part of the time taken. It states
# no test.
#
#	late_start          that program; before all others here
#	now                 milliseconds, by the wall clock
#	took MS SINCE [AT]  from SINCE to AT, or to now, it is less than MS, but for what everything came late
#	stamped NAME CMD    hs_spawn, with now in front of each line that comes on its stdout
#	in_time S COMMANDS [CLEANUP]   they are good within the $life seconds of what they make; where the machine is too
#	                    slow for S, they are tried again with a longer one, behind CLEANUP

late_start() {
	hs_spawn late perl -MTime::HiRes=time,clock -e '
		$| = 1;
		for (my $late = 0;;) {
			printf "%d %d\n", 1000 * time, 1000 * $late;
			my ($start, $busy) = (time, clock);
			select undef, undef, undef, 0.05;
			1 while clock() < $busy + 0.002;
			$late += time() - $start - 0.052;
		}' && hs_wait_for "test -s $HS_TMP/late.log" 10
}
now() { date +%s%3N; }
took() {
	took_=${3:-$(now)} && hs_wait_for "test \$(tail -n 1 $HS_TMP/late.log | cut -d ' ' -f 1) -ge $took_" 10 &&
		late_=$(awk -v since="$2" -v at="$took_" '$1 <= since { was = $2 } { is = $2 } $1 >= at { exit } END { print is - was }' "$HS_TMP/late.log") &&
		took_=$((took_ - $2)) && echo "# $took_ ms, $late_ of them late" && test $((took_ - late_)) -lt $1
}
stamped() {
	stamped_=$1
	shift
	hs_spawn "$stamped_" perl -MTime::HiRes=time -e '
		pipe my $out, my $in;
		if (!fork) {
			$| = 1;
			close $in;
			printf "%d %s", 1000 * time, $_ while <$out>;
			exit;
		}
		open STDOUT, ">&", $in;
		close $_ for $in, $out;
		exec @ARGV' "$@"
}
in_time() {
	for in_time_ in 1 2 4 8; do
		life=$((in_time_ * $1)) && eval "$2" && return 0
		echo "# not within $life s" && eval "${3:-:}" || return 1
	done
	return 1
}
