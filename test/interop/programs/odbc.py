"""Microsoft's ODBC driver, through pyodbc.

A line on stdin is a file of CA certificates, the connection string behind the driver and a query, parted by tabs; a line
on stdout is "answered<TAB>columns of the first row, parted by spaces" or "refused<TAB>why".
"""
import os
import sys
from glob import glob

import mssql_python_odbc
import pyodbc

pyodbc.pooling = False
# The package has one for each family of distributions, and that of Debian.
[driver] = glob(os.path.join(mssql_python_odbc.get_libs_dir(), "linux/debian_ubuntu/*/lib/libmsodbcsql-*"))


def answer(authorities, settings, query):
    # OpenSSL asks the environment at each connection.
    os.environ["SSL_CERT_FILE"] = authorities
    try:
        # Without autocommit a transaction begins first.
        connection = pyodbc.connect(f"Driver={driver};{settings}", autocommit=True, timeout=15)
        try:
            return "answered\t" + " ".join(connection.execute(query).fetchone())
        finally:
            connection.close()
    except pyodbc.Error as error:
        return "refused\t" + " ".join(str(error).split())


for line in sys.stdin:
    print(answer(*line.rstrip("\n").split("\t")), flush=True)
