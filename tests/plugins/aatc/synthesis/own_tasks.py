"""Small tasks of many kinds: three examples each, and inputs that the search does not see."""

from __future__ import annotations

from typing import Any

Row = tuple[tuple[Any, ...], Any]
PEOPLE = [{"name": "Ann", "age": 31, "city": "Rome"}, {"name": "Bob", "age": 17, "city": "Oslo"}]
MORE = [{"name": "Cy", "age": 18, "city": "Rome"}, {"name": "Di", "age": 64, "city": "Lima"}]
ONE = [{"name": "Eve", "age": 5, "city": "Lima"}]
SALES = [{"shop": "a", "sum": 4}, {"shop": "b", "sum": 1}, {"shop": "a", "sum": 5}]
SALES_2 = [{"shop": "x", "sum": 7}]
SALES_3 = [{"shop": "c", "sum": 2}, {"shop": "c", "sum": 3}]
SALES_4 = [{"shop": "q", "sum": 10}, {"shop": "r", "sum": 1}, {"shop": "q", "sum": 2}]

# name: (examples, unseen)
TASKS: dict[str, tuple[list[Row], list[Row]]] = {
    "sum of a list": ([(([1, 2, 3],), 6), (([4, 5],), 9), (([10],), 10)], [(([7, 8, 9],), 24), (([],), 0)]),
    "largest": ([(([1, 9, 3],), 9), (([4, 5],), 5), (([2, 0],), 2)], [(([7, 8, 1],), 8)]),
    "mean": ([(([1, 2, 3],), 2.0), (([4, 5],), 4.5), (([10],), 10.0)], [(([1, 2],), 1.5)]),
    "sorted": ([(([3, 1, 2],), [1, 2, 3]), (([5, 4],), [4, 5]), (([2, 9, 1, 4],), [1, 2, 4, 9])],
               [(([8, 7, 9],), [7, 8, 9])]),
    "each once": ([(([1, 1, 2],), [1, 2]), ((["b", "a", "b"],), ["b", "a"]), (([3, 3],), [3])],
                  [(([4, 5, 4, 6],), [4, 5, 6])]),
    "positive ones": ([(([1, -2, 3],), [1, 3]), (([-4, 5],), [5]), (([0, 8, -1],), [0, 8])], [(([-7, 7],), [7])]),
    "even ones": ([(([1, 2, 3, 4],), [2, 4]), (([6, 5],), [6]), (([7, 10, 12],), [10, 12])], [(([8, 9, 3],), [8])]),
    "doubled": ([(([1, 2],), [2, 4]), (([5],), [10]), (([7, 0],), [14, 0])], [(([9, 3],), [18, 6])]),
    "how many": ([((["a", "b"],), 2), ((["x"],), 1), ((["p", "q", "r"],), 3)], [(([],), 0), ((["z"] * 7,), 7)]),
    "joined": ([((["a", "b"],), "a, b"), ((["x", "y", "z"],), "x, y, z"), ((["p", "q"],), "p, q")],
               [((["m", "n", "o", "p"],), "m, n, o, p")]),
    "split": ([(("a,b,c",), ["a", "b", "c"]), (("x1,y",), ["x1", "y"]), (("q,r",), ["q", "r"])],
              [(("m,n,o,p",), ["m", "n", "o", "p"])]),
    "longest word": ([(("one three",), "three"), (("alpha be",), "alpha"), (("a bb ccc",), "ccc")], [(("xx yyyy z",), "yyyy")]),
    "square": ([((3,), 9), ((4,), 16), ((5,), 25)], [((7,), 49)]),
    "price": ([((2.5, 4), 10.0), ((1.5, 2), 3.0), ((3.0, 3), 9.0)], [((2.0, 5), 10.0)]),
    "percent": ([((1, 4), 25.0), ((1, 2), 50.0), ((3, 4), 75.0)], [((1, 8), 12.5)]),
    "adult": ([((17,), False), ((18,), True), ((41,), True)], [((12,), False), ((80,), True)]),
    "person to text": ([(({"name": "Ann", "age": 31},), "Ann (31)"), (({"name": "Bob", "age": 7},), "Bob (7)"),
                        (({"name": "Cy", "age": 44},), "Cy (44)")], [(({"name": "Zoe", "age": 100},), "Zoe (100)")]),
    "a field": ([(({"id": 1, "n": "a"},), "a"), (({"id": 2, "n": "bb"},), "bb"), (({"id": 3, "n": "c"},), "c")],
                [(({"id": 9, "n": "z"},), "z")]),
    "without a field": ([(({"id": 1, "x": 2},), {"id": 1}), (({"id": 2, "x": 0},), {"id": 2}),
                         (({"id": 5, "x": 9},), {"id": 5})], [(({"id": 7, "x": 1},), {"id": 7})]),
    "renamed": ([(({"a": 1, "b": 2},), {"id": 1, "b": 2}), (({"a": 3, "b": 4},), {"id": 3, "b": 4}),
                 (({"a": 5, "b": 5},), {"id": 5, "b": 5})], [(({"a": 0, "b": 8},), {"id": 0, "b": 8})]),
    "total by key": ([((SALES,), {"a": 9, "b": 1}), ((SALES_2,), {"x": 7}), ((SALES_3,), {"c": 5})],
                     [((SALES_4,), {"q": 12, "r": 1})]),
    "total of a column": ([((SALES,), 10), ((SALES_2,), 7), ((SALES_3,), 5)], [((SALES_4,), 13)]),
    "rows of adults": ([((PEOPLE,), PEOPLE[:1]), ((MORE,), MORE), ((ONE,), [])], [((PEOPLE + ONE + MORE,), [PEOPLE[0], *MORE])]),
    "rows of a city": ([((PEOPLE,), PEOPLE[:1]), ((MORE + ONE,), MORE[:1]), ((ONE + PEOPLE,), PEOPLE[:1])],
                       [((MORE + PEOPLE,), [MORE[0], PEOPLE[0]])]),
    "oldest first": ([((PEOPLE,), PEOPLE), ((MORE,), MORE[::-1]), ((ONE + MORE,), [MORE[1], MORE[0], ONE[0]])],
                     [((PEOPLE + MORE,), [MORE[1], PEOPLE[0], MORE[0], PEOPLE[1]])]),
    "names of people": ([((PEOPLE,), ["Ann", "Bob"]), ((MORE,), ["Cy", "Di"]), ((ONE,), ["Eve"])],
                        [((MORE + ONE,), ["Cy", "Di", "Eve"])]),
    "two columns": ([((PEOPLE,), [{"name": "Ann", "age": 31}, {"name": "Bob", "age": 17}]),
                     ((MORE,), [{"name": "Cy", "age": 18}, {"name": "Di", "age": 64}]),
                     ((ONE,), [{"name": "Eve", "age": 5}])],
                    [((ONE + ONE,), [{"name": "Eve", "age": 5}, {"name": "Eve", "age": 5}])]),
    "how often": ([((["a", "b", "a"],), {"a": 2, "b": 1}), ((["x"],), {"x": 1}), ((["q", "q"],), {"q": 2})],
                  [((["m", "n", "n"],), {"m": 1, "n": 2})]),
    "days between": ([(("2024-01-01", "2024-01-31"), 30), (("2024-02-01", "2024-03-01"), 29),
                      (("2023-12-31", "2024-01-01"), 1)], [(("2024-05-01", "2024-05-11"), 10)]),
    "name to record": ([(("Ann Lee",), {"first": "Ann", "last": "Lee"}), (("Bob Ray",), {"first": "Bob", "last": "Ray"}),
                        (("Cy Oz",), {"first": "Cy", "last": "Oz"})], [(("Di Fox",), {"first": "Di", "last": "Fox"})]),
    "each name short": ([((["Ann Lee", "Bo Ray"],), ["A. Lee", "B. Ray"]), ((["Cy Oz"],), ["C. Oz"]),
                         ((["Di Fox", "Ed Gun"],), ["D. Fox", "E. Gun"])], [((["Fay Hu"],), ["F. Hu"])]),
    "upper case": ([(("abc",), "ABC"), (("x y",), "X Y"), (("Mix",), "MIX")], [(("new one",), "NEW ONE")]),
    "initials": ([(("ann lee",), "A.L."), (("bob ray",), "B.R."), (("cy oz",), "C.O.")], [(("di fox",), "D.F.")]),
    "slug": ([(("Hello World",), "hello-world"), (("One Two Three",), "one-two-three"), (("Red Fox",), "red-fox")],
             [(("A Long Title Here",), "a-long-title-here")]),
    "file ending": ([(("a.txt",), "txt"), (("my.photo.png",), "png"), (("x.tar.gz",), "gz")], [(("doc.pdf",), "pdf")]),
    "user of an address": ([(("ann@x.org",), "ann"), (("bob.r@mail.net",), "bob.r"), (("c-y@z.de",), "c-y")],
                           [(("zoe_1@host.com",), "zoe_1")]),
    "iso date": ([(("3 March 2024",), "2024-03-03"), (("14 July 1999",), "1999-07-14"), (("21 May 2010",), "2010-05-21")],
                 [(("1 December 2001",), "2001-12-01")]),
    "weekday": ([(("2024-03-04",), "Monday"), (("2024-03-09",), "Saturday"), (("2023-01-01",), "Sunday")],
                [(("2024-03-06",), "Wednesday")]),
    "thousands": ([(("1234567",), "1,234,567"), (("890",), "890"), (("45000",), "45,000")], [(("1000000",), "1,000,000")]),
    "two decimals": ([(("3.14159",), "3.14"), (("2.5",), "2.50"), (("7",), "7.00")], [(("0.126",), "0.13")]),
    "digits alone": ([(("(555) 123-4567",), "5551234567"), (("555.987.6543",), "5559876543"), (("555 111 2222",), "5551112222")],
                     [(("555/000/1111",), "5550001111")]),
    "email or none": ([(("Ann <ann@x.org>",), "ann@x.org"), (("Bob <b@y.de>",), "b@y.de"), (("nobody",), "none")],
                      [(("Cy <cy@z.net>",), "cy@z.net"), (("somebody",), "none")]),
    "number in a text": ([(("order 12 is late",), 12), (("order 345 is here",), 345), (("order 6 is lost",), 6)],
                         [(("order 77 is back",), 77)]),
    "both lists": ([(([1, 2, 3], [2, 3]), [2, 3]), (([4, 5], [5, 6]), [5]), (([7, 8], [9]), [])], [(([1, 9], [9, 1]), [1, 9])]),
    "words": ([(("one two",), 2), (("a b c",), 3), (("x",), 1)], [(("five words are in here",), 5)]),
}  # fmt: skip
