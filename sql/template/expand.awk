# Expands a line `@include NAME KEY=value ...` to sql/template/NAME.sql, with
# @KEY@ replaced by the value. POSIX awk only: the installed script has to be the
# same on every machine.
function fail(why)
{
	print FILENAME ":" FNR ": " why > "/dev/stderr"
	failed = 1
	exit 1
}

function include(folder,    file, value, parts, key, line, i, status)
{
	file = folder "/template/" $2 ".sql"
	for (i = 3; i <= NF; i++)
	{
		split($i, parts, "=")
		value[parts[1]] = parts[2]
	}
	while ((status = (getline line < file)) > 0)
	{
		for (key in value)
			gsub("@" key "@", value[key], line)
		if (line ~ /@[A-Z]+@/)
			fail("no value for " line)
		print line
	}
	if (status < 0)
		fail("cannot read " file)
	close(file)
}

/^@/ {
	folder = FILENAME
	sub(/\/install\/[^\/]*$/, "", folder)
	include(folder)
	next
}

{ print }
