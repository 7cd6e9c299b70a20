/*
 * temp_file.h
 *		A temporary file that grows at its end and is read anywhere. Include
 *		postgres.h first.
 *
 * It belongs to the resource owner that was current at creation, and counts
 * against temp_file_limit; an error or a cancelled query removes it.
 */
#ifndef AGRIRISK_TEMP_FILE_H
#define AGRIRISK_TEMP_FILE_H

typedef struct TempFile
{
	struct BufFile *file;
	const char *holds;			/* what is in it, for messages */
	int64		end;
	int64		at;				/* where it is read or written next */
} TempFile;

/* In the current context; `holds` outlives the file. */
extern TempFile *temp_file_create(const char *holds);
extern void temp_file_close(TempFile *file);

/* Returns where the bytes begin. */
extern int64 temp_file_append(TempFile *file, const void *bytes, Size length);
extern void temp_file_read(TempFile *file, int64 at, void *bytes, Size length);

#endif							/* AGRIRISK_TEMP_FILE_H */
