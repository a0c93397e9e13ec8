"""Units of measurement and currencies, with what they are in the one unit that they are compared in."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

__all__ = ["currency", "unit"]

# What is compared, then what one of each is in it. Calendar months are no number of seconds, so there are two units of
# duration.
_UNITS = """
m = m metre meter metres meters 米 公尺
m 1000 = km kilometre kilometer kilometres kilometers 公里 千米
m 0.01 = cm centimetre centimeter centimetres centimeters 厘米 公分
m 0.001 = mm millimetre millimeter millimetres millimeters 毫米
m 0.000001 = μm µm micrometre micrometer micrometres micrometers 微米
m 0.000000001 = nm nanometre nanometer nanometres nanometers 纳米
m 0.3048 = ft foot feet 英尺
m 0.0254 = inch inches 英寸
m 0.9144 = yd yard yards 码
m 1609.344 = mi mile miles 英里
m 1852 = nautical_mile nautical_miles 海里
m 500 = 华里
m² = m2 m² sq_m square_metre square_meter square_metres square_meters 平方米 平米
m² 1000000 = km2 km² sq_km square_kilometre square_kilometer square_kilometres square_kilometers 平方公里 平方千米
m² 10000 = ha hectare hectares 公顷
m² 4046.8564224 = acre acres 英亩
m² 0.09290304 = sq_ft square_foot square_feet 平方英尺
m² 2589988.110336 = sq_mi square_mile square_miles 平方英里
m³ = m3 m³ cubic_metre cubic_meter cubic_metres cubic_meters 立方米
m³ 0.001 = litre liter litres liters 升 公升
m³ 0.000001 = ml millilitre milliliter millilitres milliliters 毫升
kg = kg kilogram kilograms kilo kilos 公斤 千克
kg 0.001 = g gram grams gramme grammes 克
kg 0.000001 = mg milligram milligrams 毫克
kg 1000 = t tonne tonnes metric_ton metric_tons 吨 公吨
kg 0.45359237 = lb lbs pound_weight 英磅
kg 0.5 = 斤 市斤
s = s sec second seconds 秒 秒钟
s 60 = min minute minutes 分钟
s 3600 = h hr hrs hour hours 小时 个小时 钟头 个钟头
s 86400 = day days 天 日
s 604800 = week weeks 周 星期 个星期 礼拜 个礼拜
month = month months 个月
month 12 = year years yr yrs 年 周年
month 120 = decade decades
month 1200 = century centuries 个世纪
m/s = m/s metres_per_second meters_per_second 米/秒 米每秒
m/s 0.277777777777777777777778 = km/h kph kilometres_per_hour kilometers_per_hour 公里/小时 千米/小时 公里每小时
m/s 0.44704 = mph miles_per_hour 英里/小时
m/s 0.514444444444444444444444 = knot knots kn
W = w watt watts 瓦 瓦特
W 1000 = kw kilowatt kilowatts 千瓦
W 1000000 = megawatt megawatts 兆瓦
W 1000000000 = gw gigawatt gigawatts 吉瓦
J = j joule joules 焦耳
J 1000 = kj kilojoule kilojoules 千焦
J 3600 = wh watt-hour watt-hours 瓦时 瓦小时
J 3600000 = kwh kilowatt-hour kilowatt-hours kilowatt_hour kilowatt_hours 千瓦时 度电
J 3600000000 = mwh megawatt-hour megawatt-hours megawatt_hour megawatt_hours 兆瓦时
J 3600000000000 = gwh gigawatt-hour gigawatt-hours gigawatt_hour gigawatt_hours 吉瓦时
J 3600000000000000 = twh terawatt-hour terawatt-hours terawatt_hour terawatt_hours 太瓦时
V = v volt volts 伏 伏特
V 1000 = kv kilovolt kilovolts 千伏
A = amp amps ampere amperes 安培
Hz = hz hertz 赫兹
Hz 1000 = khz kilohertz 千赫
Hz 1000000 = mhz megahertz 兆赫
Hz 1000000000 = ghz gigahertz 吉赫
Pa = pa pascal pascals 帕斯卡
Pa 1000 = kpa kilopascal kilopascals 千帕
N = newton newtons 牛顿
byte = byte bytes 字节
byte 1000 = kb kilobyte kilobytes
byte 1000000 = megabyte megabytes
byte 1000000000 = gb gigabyte gigabytes
byte 1000000000000 = tb terabyte terabytes
°C = °c degrees_celsius degree_celsius celsius 摄氏度 度
% = % percent per_cent
"""
# These differ by case: a megawatt is no milliwatt, and a megabyte no megabit.
_EXACT = {
    "MW": ("W", Decimal(10) ** 6),
    "mW": ("W", Decimal("0.001")),
    "MB": ("byte", Decimal(10) ** 6),
    "L": ("m³", Decimal("0.001")),
    "l": ("m³", Decimal("0.001")),
    "V": ("V", Decimal(1)),
    "A": ("A", Decimal(1)),
    "N": ("N", Decimal(1)),
    "MPa": ("Pa", Decimal(10) ** 6),
}

_CURRENCIES = """
USD = $ us$ usd dollar dollars us_dollar us_dollars u.s._dollar u.s._dollars 美元 美金
EUR = € eur euro euros 欧元
GBP = £ gbp pound pounds pound_sterling pounds_sterling british_pounds 英镑
CNY = cny rmb 元 人民币 元人民币 yuan renminbi chinese_yuan 块 块钱 cn¥ 圆
JPY = jpy yen japanese_yen 日元 日圆 jp¥
HKD = hk$ hkd hong_kong_dollars 港元 港币
TWD = nt$ twd new_taiwan_dollars 新台币 台币
AUD = a$ au$ aud australian_dollar australian_dollars 澳元
CAD = c$ ca$ cad canadian_dollar canadian_dollars 加元
SGD = s$ sgd singapore_dollar singapore_dollars 新加坡元 新元
INR = ₹ inr rupee rupees indian_rupees 卢比
KRW = ₩ krw won korean_won 韩元 韩圆
RUB = ₽ rub rouble roubles ruble rubles 卢布
CHF = chf swiss_franc swiss_francs 瑞士法郎
SEK = sek swedish_kronor 瑞典克朗
NOK = nok norwegian_kroner 挪威克朗
DKK = dkk danish_kroner 丹麦克朗
¥ = ¥
"""


@cache
def _units() -> dict[str, tuple[str, Decimal]]:
    table: dict[str, tuple[str, Decimal]] = {}
    for line in _UNITS.strip().splitlines():
        left, _, names = line.partition(" = ")
        normal, _, factor = left.partition(" ")
        table |= {name.replace("_", " "): (normal, Decimal(factor or "1")) for name in names.split()}
    return table


@cache
def _currencies() -> dict[str, str]:
    table: dict[str, str] = {}
    for line in _CURRENCIES.strip().splitlines():
        code, _, names = line.partition(" = ")
        table |= {name.replace("_", " "): code for name in names.split()}
    return table


def unit(text: str) -> tuple[str, Decimal] | None:
    """The unit that `text` is compared in, and how much of it one of `text` is; None for what is no unit.

    A yuan is one of no unit here: see `currency`.
    """
    return _EXACT.get(text) or _units().get(text.casefold())


def currency(text: str) -> str | None:
    """The code of ISO 4217 for a currency's sign, name or code; a ¥ alone may be two and stays one."""
    return _currencies().get(text.casefold())
