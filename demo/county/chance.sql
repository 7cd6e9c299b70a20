-- Chance by hashing. A draw has a name and belongs to somebody (key), perhaps for the n-th time.

create function demo.hash(draw text, key bigint, n bigint default 0) returns bigint
	language sql immutable parallel safe
	return hashint8extended(key, hashint8extended(n, hashtextextended(draw collate "C", :seed)));
comment on function demo.hash is
	'64 random bits for one named draw. Built on the hash functions that hash partitioning stands on, so they do not change; keys below 2^32 never share their bits.';

create function demo.uniform(draw text, key bigint, n bigint default 0) returns float8
	language sql immutable parallel safe
	return (((demo.hash(draw, key, n) >> 11) & 9007199254740991)::float8 + float8 '0.5') / float8 '9007199254740992';
comment on function demo.uniform is 'Uniform in (0,1): 53 bits of the hash.';

create function demo.normal(draw text, key bigint, n bigint default 0) returns float8
	language sql immutable parallel safe
	return ((demo.hash(draw, key, n) & 65535) + ((demo.hash(draw, key, n) >> 16) & 65535)
		+ ((demo.hash(draw, key, n) >> 32) & 65535) + ((demo.hash(draw, key, n) >> 48) & 65535) - 131070) / float8 '37837.2276';
comment on function demo.normal is
	'Nearly normal, mean 0, variance 1, within 3.47: the four 16-bit quarters of the hash, added and scaled by 2 sqrt((65536^2 - 1) / 12). Whole numbers and one division, the same on every machine.';

create function demo.skewed(x float8) returns float8
	language sql immutable parallel safe
	return (1 + x / 8) * (1 + x / 8) * (1 + x / 8) * (1 + x / 8) * (1 + x / 8) * (1 + x / 8) * (1 + x / 8) * (1 + x / 8);
comment on function demo.skewed is 'About exp(x), by multiplication only: turns a normal draw above -8 into a positive, right-skewed factor around 1.';
