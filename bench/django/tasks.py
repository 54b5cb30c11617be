"""What many teams have: a Django model, and a Celery task that writes it as CSV. Started by bench/django.ts."""

import csv
import os
from urllib.parse import unquote, urlsplit

import django
from celery import Celery
from django.conf import settings

database = urlsplit(os.environ["BENCH_DATABASE_URL"])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": database.path[1:],
            "USER": unquote(database.username or ""),
            "PASSWORD": unquote(database.password or ""),
            "HOST": database.hostname,
            "PORT": database.port or 5432,
        }
    },
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import models  # noqa: E402: models need the settings

app = Celery("tasks", broker=os.environ["BENCH_REDIS_URL"], backend=os.environ["BENCH_REDIS_URL"])
app.conf.task_default_queue = "broadsheet-bench-django"

COLUMNS = ["id", "placed_at", "customer", "product", "region", "quantity", "unit_price", "amount", "shipped", "note"]


class Line(models.Model):
    id = models.BigIntegerField(primary_key=True)
    placed_at = models.DateTimeField()
    customer = models.TextField()
    product = models.TextField()
    region = models.TextField()
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    shipped = models.BooleanField()
    note = models.TextField(null=True)

    class Meta:
        app_label = "bench"
        db_table = "lines"
        managed = False


@app.task(name="export")
def export(upto, path):
    rows = 0
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for line in Line.objects.filter(id__lte=upto).order_by("id").iterator():
            writer.writerow([getattr(line, column) for column in COLUMNS])
            rows += 1
    return rows
