//! Names of events that everybody means the same by, in our words.

/// The names of Segment's specifications, in lower case, and ours. Every other name stays as it is.
/// `docs/user/reference/events.md` explains each line.
pub(super) const SEMANTIC_NAMES: [(&str, &str); 48] = [
    // Web pages and apps.
    ("page viewed", "page_viewed"),
    ("loaded a page", "page_viewed"),
    ("screen viewed", "screen_viewed"),
    ("session started", "session_started"),
    ("application opened", "session_started"),
    ("application installed", "app_installed"),
    ("application uninstalled", "app_uninstalled"),
    // Forms and files.
    ("form submitted", "form_submitted"),
    ("file downloaded", "file_downloaded"),
    ("demo requested", "demo_requested"),
    ("trial requested", "trial_requested"),
    // Mail.
    ("email delivered", "email_delivered"),
    ("email opened", "email_opened"),
    ("email link clicked", "email_clicked"),
    ("email clicked", "email_clicked"),
    ("email bounced", "email_bounced"),
    ("email marked as spam", "email_marked_as_spam"),
    ("unsubscribed", "unsubscribed"),
    ("email unsubscribed", "unsubscribed"),
    // Shops.
    ("products searched", "products_searched"),
    ("product list viewed", "product_list_viewed"),
    ("product viewed", "product_viewed"),
    ("product added", "product_added"),
    ("product removed", "product_removed"),
    ("product added to wishlist", "product_wished_for"),
    ("product shared", "product_shared"),
    ("product reviewed", "product_reviewed"),
    ("cart viewed", "basket_viewed"),
    ("cart abandoned", "basket_abandoned"),
    ("checkout started", "checkout_started"),
    ("payment info entered", "payment_entered"),
    ("order completed", "purchased"),
    ("order cancelled", "order_cancelled"),
    ("order refunded", "order_returned"),
    // Software by subscription.
    ("account created", "account_created"),
    ("account deleted", "account_deleted"),
    ("signed up", "signed_up"),
    ("signed in", "signed_in"),
    ("signed out", "signed_out"),
    ("invite sent", "invite_sent"),
    ("trial started", "trial_requested"),
    ("trial ended", "trial_ended"),
    // Films and meetings.
    ("video playback started", "video_started"),
    ("video playback completed", "video_watched"),
    ("video content completed", "video_watched"),
    ("webinar registered", "webinar_registered"),
    ("webinar attended", "webinar_attended"),
    // Deals of an untrusted sender, or without an id and a stage, stay events.
    ("deal updated", "deal_updated"),
];

/// Our word for a name that a specification defines, whatever its case.
pub(super) fn ours(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    SEMANTIC_NAMES.iter().find(|(theirs, _)| *theirs == lower).map(|(_, ours)| *ours)
}
