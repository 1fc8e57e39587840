# id: fr_database
# kind: attack
# category: host-file-read
# note: through a database that attaches a file
import sqlite3
try:
    sqlite3.connect(CANARY_FILE).execute('select * from sqlite_master')
except sqlite3.DatabaseError as e:
    if 'not a database' in str(e):
        print(WIN_TOKEN)
