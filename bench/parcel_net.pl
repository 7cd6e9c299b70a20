#!/usr/bin/perl
# Two layers of parcels for benchmarks: parcel_net.pl SIDE DIRECTORY writes
# DIRECTORY/a.tsv and b.tsv, each SIDE * SIDE lines of id and WKB in hex.
#
# Layer a is a net of parcels of about 80 m that share their boundaries, 5 to 63
# vertices each, some with a pond. Layer b is the same land surveyed again: 70 %
# of the vertices are 1 to 3 m elsewhere. The same numbers on every machine.
use strict;
use warnings;

my ($side, $directory) = @ARGV;
my ($cell, $east, $north) = (80, 500000, 4200000);
my $turn = 2 * atan2(0, -1);
srand 7;

sub uniform { my ($low, $high) = @_; return $low + ($high - $low) * rand }
sub normal { return sqrt(-2 * log(1 - rand)) * cos($turn * rand) }

# How many vertices a boundary has between its ends: 0 to 14, 5 on average.
sub between
{
	my $n = int(log(1 - rand) / log(5 / 6));
	return $n > 14 ? 14 : $n;
}

# A crooked line between two corners, without them; x and y in turn.
sub boundary
{
	my ($ax, $ay, $bx, $by) = @_;
	my ($dx, $dy) = ($bx - $ax, $by - $ay);
	my $length = sqrt($dx * $dx + $dy * $dy);
	my $n = between();
	my $off = 0;
	my @line;

	for my $i (1 .. $n)
	{
		my $t = ($i + uniform(-0.3, 0.3)) / ($n + 1);
		$off += 1.2 * normal();
		my $o = $off * (1 - abs(2 * $t - 1));
		push @line, $ax + $t * $dx - $o * $dy / $length, $ay + $t * $dy + $o * $dx / $length;
	}
	return \@line;
}

sub surveyed_again
{
	my @line = @{ $_[0] };

	for (my $i = 0; $i < @line; $i += 2)
	{
		next if rand() < 0.3;
		my ($r, $angle) = (uniform(1, 3), uniform(0, $turn));
		$line[$i] += $r * cos $angle;
		$line[ $i + 1 ] += $r * sin $angle;
	}
	return \@line;
}

sub backwards
{
	my ($line) = @_;
	return map { @$line[ 2 * $_, 2 * $_ + 1 ] } reverse 0 .. @$line / 2 - 1;
}

my (@corner, @across, @up);
for my $i (0 .. $side)
{
	for my $j (0 .. $side)
	{
		$corner[$i][$j] = [ $east + $cell * $i + uniform(-12, 12), $north + $cell * $j + uniform(-12, 12) ];
	}
}
for my $i (0 .. $side)
{
	for my $j (0 .. $side)
	{
		$across[$i][$j] = boundary(@{ $corner[$i][$j] }, @{ $corner[ $i + 1 ][$j] }) if $i < $side;
		$up[$i][$j] = boundary(@{ $corner[$i][$j] }, @{ $corner[$i][ $j + 1 ] }) if $j < $side;
	}
}

for my $layer ('a', 'b')
{
	my $id = 0;
	my $reach = $layer eq 'a' ? 6 : 8;

	if ($layer eq 'b')
	{
		for my $net (\@corner, \@across, \@up)
		{
			$_ = [ map { $_ && surveyed_again($_) } @$_ ] for @$net;
		}
	}
	open my $out, '>', "$directory/$layer.tsv" or die "$directory/$layer.tsv: $!\n";
	for my $i (0 .. $side - 1)
	{
		for my $j (0 .. $side - 1)
		{
			my @ring = (
				@{ $corner[$i][$j] }, @{ $across[$i][$j] },
				@{ $corner[ $i + 1 ][$j] }, @{ $up[ $i + 1 ][$j] },
				@{ $corner[ $i + 1 ][ $j + 1 ] }, backwards($across[$i][ $j + 1 ]),
				@{ $corner[$i][ $j + 1 ] }, backwards($up[$i][$j]));
			my @rings = ([ @ring, @ring[ 0, 1 ] ]);

			my $kind = ($i * 7919 + $j * 104729) % 100;
			if ($kind < 3)
			{
				my ($x, $y) = (0, 0);
				for (my $k = 0; $k < @ring; $k += 2)
				{
					$x += $ring[$k] / (@ring / 2);
					$y += $ring[ $k + 1 ] / (@ring / 2);
				}
				push @rings, [ map { ($x + $reach * $_->[0], $y + $reach * $_->[1]) }
					  [ -1, -1 ], [ -1, 1 ], [ 1, 1 ], [ 1, -1 ], [ -1, -1 ] ];
			}
			@rings = map { [ backwards($_) ] } @rings if $kind % 2;
			print $out $id++, "\t",
			  unpack('H*', pack('CVV', 1, 3, scalar @rings)
				  . join('', map { pack('V', @$_ / 2) . pack('d<*', @$_) } @rings)), "\n";
		}
	}
	close $out or die "$directory/$layer.tsv: $!\n";
}
