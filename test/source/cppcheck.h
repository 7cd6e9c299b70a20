/*
 * cppcheck.h
 *		What cppcheck has to know of the server's macros; nothing is compiled
 *		with it.
 */
#define report_ERROR()	exit(1)
#define ereport(level, ...) report_##level()
#define elog(level, ...) report_##level()
#define dlist_foreach(iter, list) for ((iter).cur = (list)->head.next; (iter).cur; (iter).cur = (iter).cur->next)
