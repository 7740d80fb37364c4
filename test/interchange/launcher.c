/*
 * A set-uid door for a program that is a script: the kernel gives no rights to scripts, but lets a set-uid program
 * start one. Nothing of the caller goes along but his real uid and gid and his descriptors: no arguments, no
 * environment. Build it with -DPROGRAM='"/path/of/the/script"', give it to qmailq:qmail, mode 4711.
 */
#include <unistd.h>

int main(void)
{
  char *arguments[] = { PROGRAM, 0 };
  char *environment[] = { 0 };
  execve(PROGRAM, arguments, environment);
  return 120; /* qmail.c: unable to exec qq */
}
