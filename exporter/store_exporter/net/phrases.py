"""Phrases of pages that are not a shop's, in many languages and in lower case, as data."""

from __future__ import annotations

TESTS = (
    *("just a moment", "one moment, please", "please wait", "you are being redirected"),
    *("einen moment", "un instant", "un momento", "um momento", "een ogenblik", "ett ögonblick"),
    *("chwileczk", "okamžik", "один момент", "bir dakika", "しばらくお待ち", "请稍候", "請稍候"),
    *("잠시만 기다", "لحظة", "checking your browser", "checking you are", "verify you are"),
    *("bot verification", "human verification", "robot verification", "anti-robot", "anti-bot"),
    *("not a bot", "not a robot", "are you human", "robot or human", "robot check", "captcha"),
    *("kein roboter", "pas un robot", "no eres un robot", "non sei un robot", "não é um robô"),
    *("не робот", "проверка браузера", "安全检查", "安全检测", "安全验证", "人机验证"),
    *("bot detection", "security challenge", "establishing a secure connection", "waiting room"),
    *("security check", "security checkpoint", "pardon our interruption", "client challenge"),
    *("verificação de segurança", "verificación de seguridad", "vérification de sécurité"),
    *("sicherheitsüberprüfung", "verifica di sicurezza", "veiligheidscontrole"),
    *("weryfikacja bezpieczeństwa", "kontrola bezpieczeństwa", "bezpečnostní kontrola"),
    *("säkerhetskontroll", "sikkerhedskontrol", "turvatarkistus", "biztonsági ellenőrzés"),
    *("güvenlik doğrulama", "güvenlik kontrol", "проверка безопасности", "перевірка безпеки"),
    *("セキュリティ検証", "セキュリティチェック", "보안 확인", "kiểm tra bảo mật"),
    # "Humano" and "umano" alone are parts of shops' names.
    *("ein mensch sind", "êtes humain", "que eres humano", "¿eres humano", "você é humano"),
    *("que é humano", "sei un essere umano", "een mens bent"),
    *("jesteś człowiekiem", "jesteś robotem", "人間であること", "robot olmad\u0131\u011f\u0131n"),
    *("robot challenge", "ddos-guard", "ddos protection", "spamfirewall"),
)
"""Parts of the titles of pages that test a visitor."""

CLOSED = (
    *("maintenance", "coming soon", "under construction", "opening soon", "be right back"),
    *("en construction", "en construcción", "em construção", "in costruzione", "im aufbau"),
    *("in aanbouw", "w budowie", "ve výstavbě", "в разработке", "建设中", "準備中"),
    *("gleich zurück", "bald zurück", "bientôt de retour", "volvemos pronto", "torniamo presto"),
    *("manutenção", "wartung", "mantenimiento", "manteniment", "manutenzione", "onderhoud"),
    *("underhåll", "vedligehold", "vedlikehold", "huolto", "huollon", "konserwacj", "údržb"),
    "odstávk",
    *("karbantart", "întreținere", "mentenanț", "bak\u0131m", "συντήρηση", "обслуживан"),
    *("обслуговуван", "поддръжка", "технически", "održavanj", "vzdrževanj", "hooldus"),
    *("bảo trì", "pemeliharaan", "penyelenggaraan", "メンテナンス", "维护", "維護", "점검"),
    *("صيانة", "תחזוק", "บำรุงรักษา", "रखरखाव", "در دست تعمیر", "دیکھ بھال", "مینٹیننس"),
    *("priežiūra", "uzturēšana", "apkope", "viðhald", "mirëmbajtje", "mantentze", "mantemento"),
    *("профилактические работы", "профилактических работ", "на профилактике", "технічні роботи"),
    *("технически работи", "doing some work on", "одржувањ", "одржавањ", "абслугоўв"),
    *("қызмет көрсету", "texniki xidmət", "cynnal a chadw"),
    *("vedlikehald", "პროფილაქტიკ", "ტექნიკური", "սպասարկ", "রক্ষণাবেক্ষণ", "பராமரிப்பு"),
    *("유지보수", "유지 보수", "維修", "维修", "升级中", "ปิดปรับปรุง", "perbaikan"),
    *("werkzaamheden", "przerwa techniczna", "prace serwisowe", "реконструкци", "scheduled down"),
    *("be back soon", "bald wieder", "gleich wieder", "vorübergehend geschlossen"),
    *("volvemos", "voltamos", "fermeture temporaire", "temporairement fermé"),
    *("temporarily closed", "site offline", "site is offline", "website is offline"),
    *("is currently offline", "we are upgrading", "update in progress", "upgrade in progress"),
    # A cache or an index may also be upgraded.
    *(
        f"{what} is being {changed}"
        for what in ("store", "shop", "site")
        for changed in ("updated", "upgraded")
    ),
)
"""Parts of words for a shop that is closed for now, as in titles and messages."""

CLOSED_SITES = (
    *("under maintenance", "undergoing maintenance", "maintenance mode", "for maintenance"),
    *("performing maintenance", "wegen wartung", "pour maintenance", "por mantenimiento"),
    *("per manutenzione", "para manutenção", "wegens onderhoud", "på grund av underhåll"),
    *("scheduled maintenance", "coming soon", "under construction", "be back soon"),
    *("be right back", "back shortly", "temporarily closed", "site is offline", "opening soon"),
    *("site offline", "launching soon", "wartungsarbeiten", "wartungsmodus", "in wartung"),
    *("im aufbau", "gleich zurück", "bald wieder", "en maintenance", "en construction"),
    *("en travaux", "bientôt de retour", "bientôt disponible", "en mantenimiento"),
    *("en construcción", "próximamente", "volvemos pronto", "volveremos", "in manutenzione"),
    *("in costruzione", "torniamo presto", "em manutenção", "em construção", "voltamos"),
    *("in onderhoud", "onderhoudsmodus", "in aanbouw", "przerwa techniczna", "w budowie"),
    *("prace techniczne", "wkrótce otwarcie", "underhållsläge", "under vedligehold"),
    *("under vedlikehold", "huoltokatko", "probíhá údržba", "ve výstavbě", "karbantartás alatt"),
    *("технические работы", "техническом обслуживании", "сайт в разработке", "скоро открытие"),
    *("технічні роботи", "bak\u0131mday\u0131z", "bak\u0131m çal\u0131şmas\u0131"),
    *("メンテナンス中", "準備中"),
    *("维护中", "建设中", "維護中", "점검 중", "준비 중", "تحت الصيانة", "בתחזוקה"),
    # "Soon" alone is also when to try again.
    *("prossimamente", "kommer snart", "binnenkort online", "demnächst verfügbar", "již brzy"),
    *("hamarosan nyit", "近日公開", "即将上线", "under opbygning", "nous revenons"),
    *("torniamo subito", "zijn zo terug", "snart tilba", "snart tillbaka", "huollossa"),
    *("tiek apkopta", "tvarkoma"),
)
"""Parts of sentences in a title or first heading that say so about the whole site."""

REFUSED = (
    *("403 forbidden", "403 access forbidden", "dotdefender", "download blocked"),
    *("by zscaler", "this is not allowed", "blocked your request", "site blocked"),
    *("access denied", "access blocked", "access restricted", "request blocked", "firewall"),
    *("request rejected", "request denied", "been denied", "been blocked", "page blocked"),
    *("block page", "unauthorized request", "has been limited", "blockiert", "bloquead"),
    *("zugriff verweigert", "zugriff gesperrt", "eingeschränkt", "accès refusé"),
    *("accès bloqué", "acceso denegado", "acceso bloqueado", "accesso negato"),
    *("acesso negado", "acesso bloqueado", "toegang geweigerd", "odmowa dostępu"),
    *("dostęp zabroniony", "přístup odepřen", "доступ запрещ", "доступ ограничен"),
    *("доступ заблок", "erişim engel", "アクセス拒否", "アクセスが拒否", "拒绝访问"),
    *("åtkomst nekad", "adgang nægtet", "tilgang nektet", "pääsy estetty", "pääsy evätty"),
    *("hozzáférés megtagadva", "\u0061cces interzis", "\u0061cces restricționat"),
    *("доступ заборонено", "доступ обмежено"),
    *("достъпът \u0435 забранен", "δεν επιτρέπεται η πρόσβαση", "απαγορεύεται η πρόσβαση"),
    *("truy cập bị từ chối", "akses ditolak", "ปฏิเสธการเข้าถึง", "הגישה נדחתה"),
    *("pristup odbijen", "prístup zamietnutý", "dostop zavrnjen", "dostęp zablokowany"),
    *("访问被", "访问受限", "접근 거부", "접근이 차단", "تم رفض الوصول"),
)
"""Parts of the titles of pages that refuse a visitor."""
