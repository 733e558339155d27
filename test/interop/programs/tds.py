"""cTDS, in the words of its documentation.

A line on stdin is freetds.conf, a file for FreeTDS' log, a section, a port and a query, parted by tabs; a line on stdout
is "answered<TAB>columns of the first row, parted by spaces" or "refused<TAB>why, and what the log says of TLS".
"""
import os
import re
import sys

import k_ctds


def answer(config, log, section, port, query):
    # FreeTDS asks the environment at each connection, and adds to its log.
    os.environ.update(FREETDSCONF=config, TDSDUMP=log)
    open(log, "w").close()
    try:
        # Without `port`, 1433 takes the place of the one in freetds.conf.
        with k_ctds.connect(section, port=int(port), user="sa", password="x") as connection:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return "answered\t" + " ".join(cursor.fetchone())
    except k_ctds.Error as error:
        with open(log, encoding="latin-1") as lines:
            return "refused\t" + " / ".join([str(error), *re.findall(r"(?:handshake|checking hostname) failed.*", lines.read())])


for line in sys.stdin:
    print(answer(*line.rstrip("\n").split("\t")), flush=True)
