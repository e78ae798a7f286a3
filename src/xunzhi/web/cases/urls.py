"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from xunzhi.web.cases import views_around, views_case, views_drafts, views_files, views_list, views_receipt

app_name = "cases"

urlpatterns = [
    path("cases", views_list.index, name="index"),
    path("cases/receipt", views_receipt.receipt, name="receipt"),
    path("cases/pick/<slug:kind>", views_files.pick, name="pick"),
    path("cases/upload", views_files.upload, name="upload"),
    path("cases/files/<uuid:pk>", views_files.file, name="file"),
    path("cases/<int:pk>", views_case.case, name="case"),
    path("cases/<int:pk>/edit", views_case.edit, name="edit"),
    path("cases/<int:pk>/draft", views_drafts.draft, name="draft"),
    path("cases/<int:pk>/move/<slug:step>", views_case.move, name="move"),
    path("cases/<int:pk>/steps", views_case.steps, name="steps"),
    path("cases/<int:pk>/identify", views_case.identify, name="identify"),
    path("cases/<int:pk>/print", views_files.print_case, name="print"),
    path("cases/<int:pk>/comment", views_around.comment, name="comment"),
    path("cases/<int:pk>/mention", views_around.mention, name="mention"),
    path("cases/<int:pk>/follow", views_around.follow, name="follow"),
    path("cases/<int:pk>/link", views_around.link, name="link"),
    path("cases/<int:pk>/unlink/<int:made>", views_around.unlink, name="unlink"),
    path("cases/<int:pk>/attach", views_files.attach, name="attach"),
    path("cases/<slug:kind>", views_list.listing, name="list"),
    path("cases/<slug:kind>/board", views_list.board, name="board"),
    path("cases/<slug:kind>/export", views_list.export, name="export"),
    path("cases/<slug:kind>/bulk", views_list.bulk, name="bulk"),
    path("cases/<slug:kind>/views", views_list.save_view, name="save_view"),
    path("cases/<slug:kind>/views/<int:pk>/delete", views_list.delete_view, name="delete_view"),
    path("cases/<slug:kind>/new", views_case.new, name="new"),
    path("cases/<slug:kind>/draft", views_drafts.draft_new, name="draft_new"),
]
