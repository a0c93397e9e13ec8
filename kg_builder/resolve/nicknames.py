"""Short forms of English given names."""

from __future__ import annotations

__all__ = ["is_nickname"]

_TABLE = """
abigail abby | albert al bert | alexander alex sandy | alfred alf fred | andrew andy drew | anthony tony
arthur art | barbara barb babs | benjamin ben benny | bernard bernie | catherine cathy kate katie
charles charlie chuck | christina chris tina | christopher chris kit | clifford cliff | cynthia cindy
daniel dan danny | david dave davy | deborah deb debbie | dennis denny | donald don donnie | dorothy dot dolly
edward ed eddie ted ned | eleanor ellie nell | elizabeth liz beth betty eliza lizzie | eugene gene | florence flo
francis frank | franklin frank | frederick fred freddie | gabriel gabe | gerald gerry jerry | gregory greg
harold harry hal | henry harry hank | herbert herb bert | isaac ike | jacob jake | james jim jimmy jamie
jennifer jen jenny | jessica jess | john jack johnny | jonathan jon | joseph joe joey | joshua josh | judith judy
katherine kate kathy katie kay | kenneth ken kenny | lawrence larry | leonard len lenny | lewis lew | louis lou
margaret maggie meg peggy | martin marty | matthew matt | michael mike mick mickey | mildred millie
nathaniel nathan nat | nicholas nick | oliver ollie | pamela pam | patricia pat patty trish | patrick pat paddy
peter pete | philip phil | rebecca becky | reginald reg reggie | richard dick rick rich ricky | robert bob rob bobby
roger rodge | ronald ron ronnie | rosemary rose | rudolph rudy | samantha sam | samuel sam sammy | sandra sandy
sarah sally | sidney sid | solomon sol | stephen steve | steven steve | stuart stu | susan sue susie | terence terry
theodore ted theo teddy | theresa terry tess | thomas tom tommy | timothy tim | victoria vicky | vincent vince
virginia ginny | walter walt wally | wesley wes | wilfred wilf fred | wilfried willi | william bill will billy willy
zachary zach zack
"""
_PAIRS = [
    (short, full)
    for full, *shorts in (entry.split() for line in _TABLE.strip().splitlines() for entry in line.split("|"))
    for short in shorts
]
_OTHERS: dict[str, set[str]] = {}
for _short, _full in _PAIRS:
    _OTHERS.setdefault(_short, set()).add(_full)
    _OTHERS.setdefault(_full, set()).add(_short)


def is_nickname(one: str, other: str) -> bool:
    """Whether one of two words in lower case is a short form of the other, a given name."""
    return one in _OTHERS and other in _OTHERS[one]
