/*
 * temp_file.c
 *		A temporary file that grows at its end and is read anywhere.
 */
#include "postgres.h"

#include "agririsk.h"
#include "core/rows/temp_file.h"

#include "storage/buffile.h"

TempFile *
temp_file_create(const char *holds)
{
	TempFile   *file = palloc0(sizeof *file);

	file->file = BufFileCreateTemp(false);
	file->holds = holds;
	return file;
}

void
temp_file_close(TempFile *file)
{
	BufFileClose(file->file);
	pfree(file);
}

/* Beyond its first gigabyte a BufFile writes its buffer out at every seek. */
static void
seek(TempFile *file, int64 at)
{
	if (file->at != at && BufFileSeek(file->file, 0, at, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in a temporary file: %m"),
				 errdetail("The file holds %s. The position is %lld, its end is %lld.", file->holds,
						   (long long) at, (long long) file->end),
				 errhint("Look at the disk that holds temporary files.")));
	file->at = at;
}

int64
temp_file_append(TempFile *file, const void *bytes, Size length)
{
	int64		begin = file->end;

	seek(file, begin);
	BufFileWrite(file->file, unconstify(void *, bytes), length);
	file->at = file->end = begin + length;
	return begin;
}

void
temp_file_read(TempFile *file, int64 at, void *bytes, Size length)
{
	Size		came;

	seek(file, at);
	came = BufFileRead(file->file, bytes, length);
	if (came != length)
		ereport(ERROR,
				(errcode(ERRCODE_IO_ERROR),
				 errmsg("could not read a temporary file: %zu of %zu bytes came", came, length),
				 errdetail("The file holds %s. The position is %lld, its end is %lld.", file->holds,
						   (long long) at, (long long) file->end),
				 errhint("Look at the disk that holds temporary files.")));
	file->at = at + length;
}
